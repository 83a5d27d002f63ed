"""explain: one value walked through every hop, and the hop that disagrees named. Pure."""
