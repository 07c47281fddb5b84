"""Who may send what, and when: refused before any state changes and before any history is written."""
