"""Questions a design can be asked; pure: template in, answer with its reasons out."""
