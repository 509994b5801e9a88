"""Is what is on record right? Everything decided again from what was kept, every sum added up, every row sealed."""
