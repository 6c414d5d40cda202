"""KQL's functions as rows: name, arguments, result, SQL shape. Reads `registry`, gives `scalar` and `aggregate` by name."""
