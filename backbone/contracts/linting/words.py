"""Words that names are made of."""

PAST = frozenset(
    {
        *("Begun", "Bought", "Built", "Chosen", "Done", "Drawn", "Found", "Given", "Held", "Kept"),
        *("Left", "Lost", "Made", "Met", "Paid", "Put", "Read", "Sent", "Set", "Shut", "Sold"),
        *("Spent", "Split", "Taken", "Told", "Withdrawn", "Won", "Written"),
    }
)
"""Past tenses that do not end in -ed."""

COMMANDS = frozenset(
    {
        *("Accept", "Add", "Apply", "Approve", "Assign", "Authorize", "Book", "Cancel", "Change"),
        *("Check", "Close", "Confirm", "Create", "Delete", "Do", "Edit", "Get", "Issue", "Make"),
        *("Modify", "Notify", "Open", "Pay", "Place", "Process", "Publish", "Refund", "Register"),
        *("Release", "Remove", "Request", "Reserve", "Run", "Save", "Send", "Set", "Ship", "Start"),
        *("Stop", "Submit", "Update", "Upsert", "Validate"),
    }
)

MEASURES = frozenset(
    {
        *("age", "area", "delay", "depth", "distance", "duration", "elapsed", "height", "interval"),
        *("latency", "length", "lifetime", "mass", "period", "size", "speed", "temperature"),
        *("timeout", "ttl", "volume", "weight", "width"),
    }
)
UNITS = frozenset(
    {
        *("micros", "millis", "seconds", "minutes", "hours", "days", "weeks", "months", "years"),
        *("milligrams", "grams", "kilograms", "tonnes"),
        *("millimetres", "centimetres", "metres", "kilometres"),
        *("millimeters", "centimeters", "meters", "kilometers"),
        *("millilitres", "litres", "milliliters", "liters", "celsius", "kelvin", "percent"),
        *("bytes", "kilobytes", "megabytes", "characters", "count", "items", "pieces", "pages"),
        *("kph", "mps"),
    }
)

JAVA = frozenset(
    {
        *("abstract", "assert", "boolean", "break", "byte", "case", "catch", "char", "class"),
        *("const", "continue", "default", "do", "double", "else", "enum", "extends", "false"),
        *("final", "finally", "float", "for", "goto", "if", "implements", "import", "instanceof"),
        *("int", "interface", "long", "native", "new", "null", "package", "private", "protected"),
        *("public", "return", "short", "static", "strictfp", "super", "switch", "synchronized"),
        *("this", "throw", "throws", "transient", "true", "try", "void", "volatile", "while"),
    }
)
"""Words that Java keeps for itself."""
