"""CloudFormation itself: what it refuses, the order it works in, and what it leaves behind."""
