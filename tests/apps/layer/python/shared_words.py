WORDS = ["note", "ward"]
