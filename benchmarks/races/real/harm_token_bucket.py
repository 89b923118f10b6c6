"""token-bucket: more tokens are taken than the bucket holds."""

import harm
import token_bucket

for number in harm.rounds():
    limiter = token_bucket.Limiter(1e-9, 100, token_bucket.MemoryStorage())
    granted = []

    def take(limiter=limiter, granted=granted):
        granted.append(sum(limiter.consume("customer") for _ in range(200)))

    harm.together(take, take, take, take)
    if sum(granted) > 100:
        harm.shown(number, f"a bucket of 100 tokens gave {sum(granted)}")
