"""How every output says that a transcript comes from an engine meant for trying out."""

LOW_ACCURACY = (
    "Low accuracy: made by an engine meant for trying Stenoflow out. Expect many wrong words."
)
LOW_ACCURACY_CUE = "[Low-accuracy transcript]"
