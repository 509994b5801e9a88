"""Who is being treated for which chronic disease, and may their visits be paid as such?"""
