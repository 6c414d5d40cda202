"""What is known about threats: the tenant allow/block list and indicators.

Reads what people and feeds enter.
Gives `TenantFacts` entries to inspection and look-ups to pages.
"""
