"""The pages in their order: what each is called, and the question that stands over it."""

PAGES = {
    "home": ("Home", "How well will what this network knows transfer to that task?"),
    "tour": ("Tour", "How does it work, step by step?"),
    "setup": ("Setup", "What should be compared, on which images?"),
    "choose": ("Choose", "Which of my candidates for my task?"),
    "attributions": ("Attributions", "What do these networks look at?"),
    "graphs": ("Graphs", "Which images do these networks find alike?"),
    "models": ("Models", "Which model should I start from?"),
    "panorama": ("Panorama", "What do related tasks look at, and which images do they find alike?"),
    "zoo": ("Zoo", "Which networks are most like this one?"),
    "layers": ("Layers", "Where should I cut the network?"),
    "why": ("Why", "Why do these two look transferable?"),
    "evaluate": ("Evaluate", "Does the score tell the truth?"),
}
TITLES = {name: title for name, (title, _) in PAGES.items()}
QUESTIONS = {name: question for name, (_, question) in PAGES.items()}
