"""Written by `backbone contracts generate`: do not edit."""
