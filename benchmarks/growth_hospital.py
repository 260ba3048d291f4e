"""A hospital with so many tickets behind it, written a table at a time: the same rate, a longer history.

Everything follows from a ticket's number, so two hospitals differ by how long they have been at it and by nothing
else: as many people, as many tickets and ratings a day, as many that are open, as many notices as retention leaves.
Of what is rare (ratings set aside, who hardly calls or comes) even the short history has a page full: a row that is
shown costs more than one that is looked through, and a page of eight beside one of fifty would tell of that alone.
"""

from datetime import datetime, timedelta

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from app import clock
from app.db import Database
from app.paths import ROOT
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from tests.support.world import APPID, World, build

A_DAY = 500  # tickets
OPEN = 60  # of them at this moment, the newest
RARE = 20_000  # of so many tickets at most one is of the ward that hardly calls, one of the engineer who hardly comes
FULL = 140  # at least so many of what is rare
WARDS, NURSES, ENGINEERS, CATEGORIES, ASSETS = 60, 1_200, 30, 12, 6_000

# What was written before the tickets has low ids, and theirs are their numbers; these stand above both.
FIRST = 10_000_000

PEOPLE = (
    """INSERT INTO category (id, code, name) SELECT {first} + n, 'c' || n, '类别' || n
    FROM generate_series(1, {categories}) n""",
    """INSERT INTO department (id, code, name, campus_id, building, floor, room)
    SELECT {first} + n, 'B' || n, '病区' || n, {campus}, n || '号楼', '3', '护士站'
    FROM generate_series(0, {wards}) n""",
    """INSERT INTO place (id, code, name, department_id, campus_id, building, floor, room, telephone)
    SELECT {first} + n, 'P' || n, '护士站' || n, {first} + n, {campus}, n || '号楼', '3', '护士站', '8' || n
    FROM generate_series(0, {wards}) n""",
    """INSERT INTO asset (id, tag, name, place_id, department_id)
    SELECT {first} + n, 'A' || n, '打印机', {first} + n % {wards}, {first} + n % {wards}
    FROM generate_series(0, {assets} - 1) n""",
    """INSERT INTO person (id, staff_number, name, telephone, job_type, sign_outs)
    SELECT {first} + n, 'N' || n, '护士' || n, '138' || lpad(n::text, 8, '0'), 'nurse', 0
    FROM generate_series(1, {nurses} + {engineers}) n""",
    """INSERT INTO employment (person_id, department_id, valid_from)
    SELECT {first} + n, {first} + n % {wards} + 1, '2005-01-01' FROM generate_series(1, {nurses}) n""",
    """INSERT INTO employment (person_id, provider_id, team_id, post_id, valid_from)
    SELECT {first} + n, {provider}, {team}, {post}, '2005-01-01'
    FROM generate_series({nurses} + 1, {nurses} + {engineers}) n""",
    """INSERT INTO duty_shift (person_id, post_id, campus_id, day, shift)
    SELECT {first} + n, {post}, {campus}, day, (ARRAY['day', 'evening', 'night'])[n % 3 + 1]
    FROM generate_series({nurses} + 1, {nurses} + {engineers}) n,
      generate_series(date '{now}' - {tickets} / {a_day}, date '{now}' + 7, interval '1 day') day""",
    """INSERT INTO role_grant (person_id, role)
    SELECT {first} + n, CASE WHEN n > {nurses} THEN 'engineer' ELSE 'user' END
    FROM generate_series(1, {nurses} + {engineers}) n""",
    """INSERT INTO wechat_identity (id, appid, openid, person_id, bound_at, privacy_version, privacy_at, first_seen_at,
      provider_staff)
    SELECT {first} + n, '{appid}', 'oBench-' || n, {first} + n, '{now}', '{privacy}', '{now}', '{now}', n > {nurses}
    FROM generate_series(1, {nurses} + {engineers}) n""",
)

# One line a ticket, from which every other table follows. `dice` is any number, the same in every run.
PLAN = """
CREATE UNLOGGED TABLE growth_plan AS
SELECT n AS id, reported_at, dice, nurse, state,
  CASE WHEN n % {rare} = 17 THEN {first} ELSE {first} + nurse % {wards} + 1 END AS ward,
  CASE WHEN n > {tickets} - 8 THEN {first} + {nurses} + 1 WHEN n % {rare} = 13 THEN {first} + {nurses} + {engineers}
    ELSE {first} + {nurses} + 1 + dice / 7 % ({engineers} - 1) END AS lead,
  CASE WHEN state IN ('finished', 'closed') THEN reported_at + interval '40 minutes' END AS finished_at,
  CASE WHEN state IN ('finished', 'closed') AND (dice % 100 < 40 OR n % {rare} IN (13, 17))
    THEN reported_at + interval '45 minutes' + dice % 900 * interval '1 minute' END AS rated_at,
  CASE WHEN dice / 100 % 1000 < 650 THEN 5 WHEN dice / 100 % 1000 < 900 THEN 4 WHEN dice / 100 % 1000 < 960 THEN 3
    WHEN dice / 100 % 1000 < 985 THEN 2 ELSE 1 END AS level,
  dice / 1000 % 100 >= 5 AS counts
FROM (
  SELECT n, timestamptz '{now}' - ({tickets} - n) * interval '1 day' / {a_day} AS reported_at,
    hashint4(n)::bigint & 2147483647 AS dice, (hashint4(n + 1) & 2147483647) % {nurses} + 1 AS nurse,
    CASE WHEN n > {tickets} - {open}
        THEN (ARRAY['reported', 'dispatched', 'accepted', 'arrived', 'reopened'])[n % 5 + 1]
      WHEN n % 100 = 99 THEN 'cancelled' WHEN n > {tickets} - 3 * {a_day} THEN 'finished' ELSE 'closed' END AS state
  FROM generate_series(1, {tickets}) n
) plan
"""

HISTORY = (
    """INSERT INTO ticket (id, number, source, requester_id, served_person_id, department_id, place_id, category_id,
      priority, description, location, state, cycle, team_id, lead_id, reported_at, due_at, finished_at, closed_at,
      updated_at)
    SELECT id, 'G' || id, 'wechat', {first} + nurse, {first} + nurse, ward, ward,
      {first} + dice / 11 % {categories} + 1, dice % 3 + 2, '打印机卡纸', '', state, 1, {team},
      CASE WHEN state <> 'reported' THEN lead END, reported_at,
      reported_at + interval '2 hours', finished_at,
      CASE WHEN state = 'closed' THEN finished_at + interval '3 days' END,
      coalesce(finished_at, reported_at)
    FROM growth_plan""",
    """INSERT INTO ticket_asset (ticket_id, asset_id) SELECT id, {first} + dice % {assets} FROM growth_plan
    WHERE id % 2 = 0 OR id > {tickets} - 8""",
    """INSERT INTO completion (id, ticket_id, cycle, finished_at, rateable, lead_id, team_id, department_id, campus_id,
      provider_id, contract_id, category_id)
    SELECT id, id, 1, finished_at, true, lead, {team}, ward, {campus}, {provider}, {contract},
      {first} + dice / 11 % {categories} + 1
    FROM growth_plan WHERE finished_at IS NOT NULL""",
    """INSERT INTO wechat_identity (id, appid, openid, privacy_version, privacy_at, first_seen_at, provider_staff)
    SELECT 2 * {first} + id, '{appid}', 'oStranger-' || id, '{privacy}', rated_at, rated_at, false
    FROM growth_plan WHERE rated_at < '{now}' AND NOT counts""",
    """INSERT INTO rating (id, completion_id, level, identity_id, person_id, counts, source, at, lead_id,
      department_id)
    SELECT id, id, level, CASE WHEN counts THEN {first} + nurse ELSE 2 * {first} + id END,
      CASE WHEN counts THEN {first} + nurse END, counts, 'scan', rated_at, lead,
      ward
    FROM growth_plan WHERE rated_at < '{now}'""",
    """INSERT INTO counted_rating (completion_id, rating_id, person_id, at)
    SELECT id, id, person_id, at FROM rating WHERE counts""",
    """INSERT INTO event (subject, subject_id, ticket_id, cycle, kind, actor_id, at, recorded_at, channel, data)
    SELECT 'rating', id, completion_id, 1, 'rated', person_id, at, at, 'scan', json_build_object('rating', id)
    FROM rating""",
    """INSERT INTO rating_correction (rating_id, level, at)
    SELECT id, CASE WHEN level < 4 THEN level + 1 ELSE level - 1 END, at + interval '1 hour'
    FROM rating WHERE counts AND id % 40 = 3""",
    """INSERT INTO rating_detail (rating_id, reasons, quality, faces, comment, praise, checked, pressed, at,
      praised_id, signed, public)
    SELECT rating.id, '{{"codes": ["quick"]}}', '{{}}',
      CASE WHEN dice / 23 % 3 = 0 THEN json_build_object('arrived', rating.level, 'handled', 5) ELSE '{{}}'::json END,
      CASE WHEN dice / 13 % 10 < 4 AND at > timestamptz '{now}' - interval '730 days' THEN '修得很快，谢谢' ELSE '' END,
      CASE WHEN rating.level < 5 OR dice / 13 % 10 >= 4 THEN ''
        WHEN at > timestamptz '{now}' - interval '2 days' THEN 'asked'
        WHEN dice / 17 % 7 = 0 THEN 'refused' ELSE 'approved' END, '', false, at,
      CASE WHEN rating.level = 5 AND dice / 13 % 10 < 4 AND at <= timestamptz '{now}' - interval '2 days'
        AND dice / 17 % 7 > 0 THEN lead_id END,
      rating.level = 5 AND dice / 13 % 10 < 4 AND dice / 29 % 3 = 0,
      rating.level = 5 AND dice / 13 % 10 < 4 AND dice / 31 % 2 = 0
    FROM rating JOIN growth_plan plan ON plan.id = rating.id WHERE dice / 19 % 10 < 6""",
    """INSERT INTO rating_exclusion (rating_id, reason, note, by_id, at)
    SELECT id, 'mistaken', '点错', {supervisor}, at + interval '1 hour' FROM rating
    WHERE counts AND id % greatest(1, least(1000, {tickets} / {full})) = 0""",
    """INSERT INTO entered_rating (completion_id, source, level, given_at, by_id, at)
    SELECT id, 'telephone', level, finished_at, {supervisor}, finished_at + interval '1 hour'
    FROM growth_plan WHERE finished_at IS NOT NULL AND id % 200 = 5""",
    """INSERT INTO service_case (reason, about, ticket_id, cycle, rating_id, person_id, source, opened_at, stage, acts,
      calls, recoveries, owner_id, call_due_at, answer_due_at, close_due_at, next_due_at, called_at, answered_at,
      told_at, closed_at, closed_by)
    SELECT reason, 'ticket', ticket, 1, rating, person, 'scan', at,
      CASE WHEN recent THEN 'received' ELSE 'closed' END, 0, 0, 0, {supervisor},
      at + interval '1 day', at + interval '1 day', at + interval '9 days',
      CASE WHEN recent THEN at + interval '1 day' END, {done}, {done}, {done}, {done},
      CASE WHEN recent THEN '' ELSE 'user' END
    FROM (SELECT *, at > timestamptz '{now}' - interval '3 days' AS recent FROM (
      SELECT 'low_score' AS reason, completion_id AS ticket, id AS rating, person_id AS person, at
      FROM rating WHERE counts AND level <= 2
      UNION ALL SELECT 'complaint', id, NULL, {first} + nurse, reported_at + interval '1 hour'
      FROM growth_plan WHERE id % 500 = 11) causes) causes""".replace(
        "{done}", "CASE WHEN NOT recent THEN at + interval '1 day' END"
    ),
    """INSERT INTO case_note (case_id, kind, text, at) SELECT id, 'complaint', '没人来', opened_at FROM service_case
    WHERE reason = 'complaint'""",
    # After those of the ratings: the newest event is one that everybody may see, as it nearly always is.
    """INSERT INTO event (subject, subject_id, ticket_id, cycle, kind, state, actor_id, at, recorded_at, channel)
    SELECT 'ticket', id, id, 1, step.kind, step.kind, CASE WHEN step.by_lead THEN lead ELSE {first} + nurse END,
      reported_at + step.after, reported_at + step.after, 'wechat'
    FROM growth_plan JOIN (VALUES ('reported', false, interval '0', 0), ('dispatched', false, interval '3 minutes', 1),
      ('accepted', true, interval '5 minutes', 2), ('arrived', true, interval '20 minutes', 3),
      ('finished', true, interval '40 minutes', 4), ('closed', false, interval '3 days', 5))
      AS step (kind, by_lead, after, rank) ON step.rank <= CASE state WHEN 'closed' THEN 5 WHEN 'finished' THEN 4
        WHEN 'arrived' THEN 3 WHEN 'accepted' THEN 2 WHEN 'dispatched' THEN 1 WHEN 'reopened' THEN 1 ELSE 0 END""",
    """INSERT INTO feed_entry (seq, event_id) SELECT id, id FROM event""",
    """INSERT INTO feed_mark (id, settled_id) SELECT 1, max(id) FROM event""",
    """INSERT INTO notice (kind, event_id, ticket_id, person_id, state, next_try_at, attempts, client_msg_id, channel,
      about, reason, detail, msgid, created_at, settled_at, outcome, opened_at)
    SELECT CASE kind WHEN 'dispatched' THEN kind ELSE 'finished' END, event.id, event.ticket_id,
      CASE kind WHEN 'dispatched' THEN lead ELSE {first} + nurse END,
      CASE WHEN event.id % 100 = 9 THEN 'failed' ELSE 'sent' END, at, 1, event.id::text, 'service', '', '',
      '', '', at, at, 'delivered', at
    FROM event JOIN growth_plan plan ON plan.id = event.ticket_id
    WHERE kind IN ('dispatched', 'finished') AND at > timestamptz '{now}' - interval '365 days'""",
)


def fill(database: Database, database_url: str, tickets: int, *, a_day: int = A_DAY) -> World:
    """Migrate and write. Whatever the rows would wait for at each insert is left out or made afterwards."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")
    world = build(database)
    facts = _facts(world, tickets, a_day, clock.now())
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT", no_parameters=True) as connection:
        for setting in ("session_replication_role = replica", "maintenance_work_mem = '256MB'", "work_mem = '64MB'"):
            connection.exec_driver_sql(f"SET {setting}")
        dropped = _without_indexes(connection)
        for statement in (*PEOPLE, PLAN, *HISTORY):
            connection.exec_driver_sql(statement.format(**facts))
        connection.exec_driver_sql("DROP TABLE growth_plan")
        for made in dropped:
            connection.exec_driver_sql(made)
        connection.exec_driver_sql("VACUUM ANALYZE")
    return world


def _facts(world: World, tickets: int, a_day: int, at: datetime) -> dict[str, object]:
    return {
        "tickets": tickets,
        "now": (at - timedelta(minutes=2)).isoformat(),
        "a_day": a_day,
        "open": OPEN,
        "rare": max(20, min(RARE, tickets // FULL)),
        "full": FULL,
        "first": FIRST,
        "wards": WARDS,
        "nurses": NURSES,
        "engineers": ENGINEERS,
        "categories": CATEGORIES,
        "assets": ASSETS,
        "appid": APPID,
        "privacy": PRIVACY_VERSION,
        "campus": world.campus.id,
        "provider": world.provider.id,
        "team": world.team.id,
        "post": world.post.id,
        "contract": world.contract.id,
        "supervisor": world.supervisor.id,
    }


def _without_indexes(connection: Connection) -> list[str]:
    """Drops every index that no constraint stands on; the statements that make them again."""
    rows = connection.exec_driver_sql(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u', 'x'))"
    ).all()
    for name, _made in rows:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    return [made for _name, made in rows]
