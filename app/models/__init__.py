"""Tables and rules about one row."""

from app.models.api import ApiSession, IdempotentPost
from app.models.contract import Category, Contract, ContractScope, Post, Provider, Team
from app.models.inbound import Inbound
from app.models.notice import ChannelStop, Notice, NoticeTry, SubscriptionCredit, WeChatToken
from app.models.person import (
    BindingTry,
    BindInvitation,
    Credential,
    Employment,
    ErasureRequest,
    ForgottenOpenid,
    IdentityClaim,
    Person,
    RoleGrant,
    WeChatIdentity,
)
from app.models.place import Campus, Department, Place
from app.models.rating import CountedRating, Rating, RatingCorrection, RatingDetail, RecoveryCase
from app.models.sign_in import ConsoleScan, OAuthAttempt
from app.models.ticket import (
    Complaint,
    Completion,
    CompletionHelper,
    Counter,
    Event,
    Ticket,
    TicketHelper,
    TicketPhoto,
)

__all__ = [
    "ApiSession",
    "BindInvitation",
    "BindingTry",
    "Campus",
    "Category",
    "ChannelStop",
    "Complaint",
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
    "ErasureRequest",
    "Event",
    "ForgottenOpenid",
    "IdempotentPost",
    "IdentityClaim",
    "Inbound",
    "Notice",
    "NoticeTry",
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
    "SubscriptionCredit",
    "Team",
    "Ticket",
    "TicketHelper",
    "TicketPhoto",
    "WeChatIdentity",
    "WeChatToken",
]
