"""Tables and rules about one row."""

from app.models.contract import Category, Contract, ContractScope, Post, Provider, Team
from app.models.inbound import Inbound
from app.models.notice import Notice, WeChatToken
from app.models.person import (
    BindingTry,
    Credential,
    Employment,
    IdentityClaim,
    Person,
    RoleGrant,
    WeChatIdentity,
)
from app.models.place import Campus, Department, Place
from app.models.rating import CountedRating, Rating, RatingCorrection, RatingDetail, RecoveryCase
from app.models.sign_in import ConsoleScan, OAuthAttempt
from app.models.ticket import Completion, CompletionHelper, Counter, Event, Ticket, TicketHelper

__all__ = [
    "BindingTry",
    "Campus",
    "Category",
    "Completion",
    "CompletionHelper",
    "ConsoleScan",
    "Contract",
    "ContractScope",
    "CountedRating",
    "Counter",
    "Credential",
    "Department",
    "Employment",
    "Event",
    "IdentityClaim",
    "Inbound",
    "Notice",
    "OAuthAttempt",
    "Person",
    "Place",
    "Post",
    "Provider",
    "Rating",
    "RatingCorrection",
    "RatingDetail",
    "RecoveryCase",
    "RoleGrant",
    "Team",
    "Ticket",
    "TicketHelper",
    "WeChatIdentity",
    "WeChatToken",
]
