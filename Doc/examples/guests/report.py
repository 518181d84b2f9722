"""Turn a table of orders into a report: the useful guest.

The host passes the text of the table and the exchange rates in; the guest
prints the report and returns the totals.
"""
import csv
import io
from collections import defaultdict
from decimal import Decimal

by_country = defaultdict(Decimal)
by_item = defaultdict(int)
for row in csv.DictReader(io.StringIO(orders)):
    amount = int(row["quantity"]) * Decimal(row["unit_price"])
    by_country[row["country"]] += amount * Decimal(rates[row["currency"]])
    by_item[row["item"]] += int(row["quantity"])

for country, total in sorted(by_country.items(), key=lambda pair: -pair[1]):
    print(f"{country}  {total:10.2f} EUR")
best = max(by_item, key=by_item.get)
print(f"sold most: {best} ({by_item[best]})")

{country: str(round(total, 2)) for country, total in by_country.items()}
