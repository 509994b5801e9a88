"""How is a decision said? Sentences written from stored values by versioned templates, in Chinese and English."""
