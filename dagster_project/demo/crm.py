"""The CRM's files: HubSpot CRM v3 objects, one JSON object a line, as they stand at the clock's cutoff.

Does not belong here: who the contacts are and what is sent to them (contacts.py, messages.py, care.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from dagster_project.demo.care import ErasureRequest, Survey, Ticket, Trait
from dagster_project.demo.clock import Clock, utc_text
from dagster_project.demo.contacts import Consent, Contact
from dagster_project.demo.messages import Campaign, Message
from dagster_project.demo.shop_rows import as_of
from dagster_project.demo.world import World

FIRST_CONSENT_ID = 30_000_001
FIRST_CAMPAIGN_ID = 500_001
FIRST_MESSAGE_ID = 90_000_001
FIRST_SURVEY_ID = 40_000_001
FIRST_TRAIT_ID = 45_000_001
FIRST_TICKET_ID = 50_000_001
FIRST_ERASURE_ID = 60_000_001


def hubspot_text(instant: int | None) -> str | None:
    """An instant as HubSpot writes it."""
    return utc_text(instant, "T", ".000Z")


def write_crm(folder: Path, world: World) -> list[Path]:
    """Write each kind of object to `<kind>.jsonl` in the folder."""
    clock = world.clock
    kinds: dict[str, Iterable[dict]] = {
        "contacts": (_contact(contact, clock) for contact in world.contacts),
        "consents": (_consent(consent) for consent in world.consents),
        "campaigns": (_campaign(campaign, clock) for campaign in world.campaigns),
        "messages": (_message(number, message) for number, message in enumerate(world.messages)),
        "feedback_submissions": (_survey(survey) for survey in world.surveys),
        "declared_traits": (_trait(trait) for trait in world.traits),
        "tickets": (_ticket(ticket, clock) for ticket in world.tickets),
        "erasure_requests": (_erasure(request) for request in world.erasures),
    }
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    paths = []
    for kind, objects in kinds.items():
        path = folder / f"{kind}.jsonl"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(encode(one) + "\n" for one in objects)
        paths.append(path)
    return paths


def _object(number: int, properties: dict, created_at: int, updated_at: int, archived: bool = False) -> dict:
    return {
        "id": str(number),
        "properties": properties,
        "createdAt": hubspot_text(created_at),
        "updatedAt": hubspot_text(updated_at),
        "archived": archived,
    }


def _contact(contact: Contact, clock: Clock) -> dict:
    person = contact.person
    town, region, _ = person.market.towns[0]
    row = {"account": contact.account, "lifecyclestage": contact.stage, "archived": False}
    updated_at = as_of(row, contact.created_at, contact.changes, clock)
    properties = {
        "email": contact.email,
        "firstname": person.first_name,
        "lastname": person.last_name,
        "phone": contact.phone,
        "shop_customer_id": str(row["account"].id) if row["account"] else None,
        "lifecyclestage": row["lifecyclestage"],
        "hs_language": person.market.locale.lower().replace("_", "-"),
        "country": person.market.country_name,
        "hs_country_region_code": person.market.country,
        "state": region,
        "city": town,
        "gender": {"f": "Female", "m": "Male"}.get(person.gender, ""),
        "date_of_birth": str(person.born_on) if person.born_on else None,
        **contact.profile,
    }
    return _object(contact.id, properties, contact.created_at, updated_at, row["archived"])


def _consent(consent: Consent) -> dict:
    properties = {
        "contact_id": str(consent.contact.id),
        "channel": consent.channel.upper(),
        "subscription_status": consent.status,
        "hs_timestamp": hubspot_text(consent.at),
    }
    return _object(FIRST_CONSENT_ID - 1 + consent.id, properties, consent.at, consent.at)


def _campaign(campaign: Campaign, clock: Clock) -> dict:
    has_ended = campaign.ended_at is not None and campaign.ended_at < clock.cutoff
    properties = {
        "hs_name": campaign.name,
        "hs_channel": "EMAIL",
        "hs_start_date": hubspot_text(campaign.started_at),
        "hs_end_date": hubspot_text(campaign.ended_at) if has_ended else None,
    }
    updated_at = campaign.ended_at if has_ended else campaign.created_at
    return _object(FIRST_CAMPAIGN_ID + campaign.number, properties, campaign.created_at, updated_at)


def _message(number: int, message: Message) -> dict:
    properties = {
        "contact_id": str(message.contact.id),
        "campaign_id": str(FIRST_CAMPAIGN_ID + message.campaign.number),
        "type": message.event,
        "is_machine": "true" if message.is_machine else "false",
        "hs_timestamp": hubspot_text(message.at),
    }
    return _object(FIRST_MESSAGE_ID + number, properties, message.at, message.at)


def _survey(survey: Survey) -> dict:
    properties = {
        "contact_id": str(survey.contact.id),
        "hs_survey_type": survey.kind.upper(),
        "hs_value": str(survey.score),
        "hs_submission_timestamp": hubspot_text(survey.created_at),
    }
    return _object(FIRST_SURVEY_ID - 1 + survey.id, properties, survey.created_at, survey.created_at)


def _trait(trait: Trait) -> dict:
    properties = {
        "contact_id": str(trait.contact.id),
        "trait": trait.name.title(),
        "value": trait.value,
        "hs_timestamp": hubspot_text(trait.created_at),
    }
    return _object(FIRST_TRAIT_ID - 1 + trait.id, properties, trait.created_at, trait.created_at)


def _ticket(ticket: Ticket, clock: Clock) -> dict:
    is_closed = ticket.closed_at < clock.cutoff
    properties = {
        "contact_id": str(ticket.contact.id),
        "hs_pipeline_stage": "Closed" if is_closed else "Open",
        "createdate": hubspot_text(ticket.created_at),
        "closed_date": hubspot_text(ticket.closed_at) if is_closed else None,
        "satisfaction": str(ticket.satisfaction) if is_closed and ticket.satisfaction else None,
    }
    updated_at = ticket.closed_at if is_closed else ticket.created_at
    return _object(FIRST_TICKET_ID - 1 + ticket.id, properties, ticket.created_at, updated_at)


def _erasure(request: ErasureRequest) -> dict:
    properties = {"email": request.contact.email, "hs_timestamp": hubspot_text(request.created_at)}
    return _object(FIRST_ERASURE_ID - 1 + request.id, properties, request.created_at, request.created_at)
