"""
How do we speak HTTP? The manners that every router shares: problem documents, strict JSON, wire types,
paging.
"""
