"""Networks: their definitions and rules, and containers on them."""
