"""How many schedules it takes to find a mistake, beside other tools that choose schedules."""
