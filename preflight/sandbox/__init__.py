"""The one account a learner deploys to: named once, asked before every step, left as it was found."""
