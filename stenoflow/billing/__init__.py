"""Prices of transcription, estimates made from them, and the budgets that they are held against."""

from stenoflow.billing.budget import Budget, RecordingBudget, RecordingReservation, Reservation
from stenoflow.billing.pricing import EnginePrices, Price, PriceEstimate, Prices

__all__ = [
    "Budget",
    "EnginePrices",
    "Price",
    "PriceEstimate",
    "Prices",
    "RecordingBudget",
    "RecordingReservation",
    "Reservation",
]
