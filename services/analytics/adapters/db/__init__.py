"""All SQL of analytics, one file a table.

Once it is known which generations count, rows are touched in the order of their keys, and tables in the
order inbox, fact, rollup, watermark, so that two batches wait for each other and never in a circle.
"""
