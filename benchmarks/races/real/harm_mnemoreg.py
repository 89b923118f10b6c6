"""mnemoreg: a key that must not be registered twice is, or registering raises RuntimeError."""

import harm
from mnemoreg import AlreadyRegisteredError, Registry

for number in harm.rounds():
    registry, agreed = Registry(), []

    def register(registry=registry, agreed=agreed):
        for key in range(50):
            try:
                registry.register(f"plugin-{key}")(object())
                agreed.append(key)
            except AlreadyRegisteredError:
                pass

    raised = harm.together(register, register)
    if raised:
        harm.shown(number, f"register raised {raised[0]!r}")
    if len(agreed) > 50:
        twice = next(key for key in agreed if agreed.count(key) > 1)
        harm.shown(number, f"plugin-{twice} was registered twice; the first is lost")
