"""Placeholder until the counters are there."""
async def once(engine, live, one_shot): return {}
async def stream(engine, live):
    yield {}
