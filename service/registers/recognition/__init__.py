"""Who stands at the admission desk?"""
