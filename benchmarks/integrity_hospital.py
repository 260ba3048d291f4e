"""A simulated hospital's quarter: honest people with their habits, and among them eight kinds of cheating, planted.

Plain rows in memory, as `supervision.signals` reads them; the same seed tells the same story.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 an invented quarter, never a secret

from supervision.signals import DAY, HOUR, Answer, Dropped, Job, Records

DAYS = 91
MINUTE = 60
LEVELS = (5, 4, 3, 2, 1)


@dataclass(frozen=True)
class Habits:
    """How people of a hospital are; shares from 0 to 1."""

    name: str
    wards: int = 60
    people: tuple[int, int] = (12, 30)
    engineers: int = 40
    engineers_of_ward: int = 8
    jobs: int = 12_000
    coverage: tuple[float, float] = (0.75, 0.98)
    """In which range an honest engineer holds the code out."""
    answered: float = 0.45
    """Where the code was held out; else a third of it."""
    levels: tuple[float, ...] = (0.62, 0.25, 0.08, 0.03, 0.02)
    unhappy: float = 0.08
    dropped: float = 0.05
    """Of what was unhappy, rightly cancelled: reported twice, say."""
    counter: int = 2
    """Engineers who sit at a counter that people walk up to."""
    quick: float = 0.02
    reminded: float = 0.3
    """Rate when the morning's reminder comes."""
    cleared: float = 0.15
    """Rate the ward's whole list in one go."""
    worded: float = 0.15
    stock: Sequence[str] = (
        "服务态度很好，谢谢",
        "非常及时，解决了问题",
        "很专业，点赞",
        "谢谢师傅，辛苦了",
        "处理很快，满意",
        "很好",
    )
    stocked: float = 0.6
    ticked: float = 0.12
    straight: float = 0.5
    raised: float = 0.01
    shared: float = 0.01
    """Phones that two people of a ward use."""
    floats: float = 0.03
    """Who works in two or three wards."""
    fans: float = 0.01
    """Rate their favourite engineer, and others every other time."""
    night: int = 3
    """Engineers of the nights, so that a night nurse meets hardly anybody else."""
    boss: float = 6.0
    """How much oftener the head nurse is the one who rates."""


FIRST = Habits("first")
SECOND = Habits(
    "second",
    wards=35,
    people=(6, 18),
    engineers=28,
    engineers_of_ward=5,
    jobs=9_000,
    coverage=(0.55, 0.85),
    answered=0.3,
    levels=(0.78, 0.15, 0.04, 0.02, 0.01),
    unhappy=0.05,
    dropped=0.09,
    counter=4,
    quick=0.035,
    reminded=0.5,
    cleared=0.3,
    worded=0.25,
    stock=("师傅服务态度好技术好", "修得很快非常感谢", "好好好好好好", "满意满意很满意", "下次还找你们，谢谢", "OK"),
    stocked=0.75,
    ticked=0.2,
    straight=0.8,
    raised=0.02,
    shared=0.03,
    floats=0.06,
    fans=0.02,
    night=2,
    boss=10.0,
)
THIRD = Habits(
    "third",
    wards=90,
    people=(8, 22),
    engineers=52,
    engineers_of_ward=10,
    jobs=16_000,
    coverage=(0.4, 0.95),
    answered=0.35,
    levels=(0.5, 0.3, 0.12, 0.05, 0.03),
    unhappy=0.12,
    dropped=0.03,
    counter=6,
    quick=0.01,
    reminded=0.15,
    cleared=0.5,
    worded=0.1,
    stock=("赞", "很满意这次服务", "态度热情处理及时", "修好了，感谢信息科", "谢谢你们的及时处理"),
    stocked=0.4,
    ticked=0.05,
    straight=0.3,
    raised=0.03,
    shared=0.0,
    floats=0.01,
    fans=0.03,
    night=5,
    boss=3.0,
)


@dataclass
class Planted:
    """Who cheats, by kind: the engineer, and the phones that are in it."""

    lead: int
    phones: set[int] = field(default_factory=set)


class Hospital:
    """Made in three steps: work, honest answers, cheating. `records` is what the signals may see."""

    def __init__(self, habits: Habits, seed: int, *, size: float = 1.0) -> None:
        self.habits, self.dice = habits, Random(f"{habits.name} {seed}")
        self.jobs: dict[int, Job] = {}
        self.answers: dict[int, Answer] = {}  # by job
        self.dropped: list[Dropped] = []
        self.planted: dict[str, Planted] = {}
        self._numbers = iter(range(1, 10**9))
        self._people()
        self._work(int(habits.jobs * size))
        self._answer()

    @property
    def records(self) -> Records:
        return Records(list(self.jobs.values()), list(self.answers.values()), self.dropped)

    @property
    def honest_raters(self) -> set[int]:
        phones = {phone for one in self.planted.values() for phone in one.phones}
        return {one.rater for one in self.answers.values()} - phones

    def number(self) -> int:
        return next(self._numbers)

    def _people(self) -> None:
        dice, habits = self.dice, self.habits
        self.leads = list(range(1, habits.engineers + 1))
        self.wards = list(range(1, habits.wards + 1))
        self.nights = self.leads[: habits.night]
        self.counters = set(self.leads[habits.night : habits.night + habits.counter])
        self.cover = {lead: dice.uniform(*habits.coverage) for lead in self.leads}
        self.served_by = {
            ward: dice.sample(self.leads[habits.night :], habits.engineers_of_ward) for ward in self.wards
        }
        self.staff = {ward: [self.number() for _ in range(dice.randint(*habits.people))] for ward in self.wards}
        self.phone: dict[int, int] = {}
        self.favourite: dict[int, int] = {}
        for ward, people in self.staff.items():
            for person in people:
                shared = dice.random() < habits.shared and person != people[0]
                self.phone[person] = self.phone[people[0]] if shared else person
                if dice.random() < habits.fans:
                    self.favourite[person] = dice.choice(self.served_by[ward])
                if dice.random() < habits.floats:
                    self.staff[ward % habits.wards + 1].append(person) if person in people[:3] else None

    def _work(self, many: int) -> None:
        dice, habits = self.dice, self.habits
        for _ in range(many):
            ward, lead = dice.choice(self.wards), 0
            hour = dice.triangular(0, 24, 11) if dice.random() < 0.9 else dice.uniform(0, 7)
            lead = dice.choice(self.nights) if hour < 7 else self._weighted(self.served_by[ward])
            self.add_job(
                ward, lead, int(dice.randrange(DAYS) * DAY + hour * HOUR), unhappy=dice.random() < habits.unhappy
            )

    def _weighted(self, leads: Sequence[int]) -> int:
        return self.dice.choices(leads, [len(leads) - place / 2 for place in range(len(leads))])[0]

    def add_job(self, ward: int, lead: int, at: int, *, unhappy: bool = False, walk_up: bool | None = None) -> Job:
        dice = self.dice
        made = dice.random() < (0.4 if lead in self.counters else 0.05) if walk_up is None else walk_up
        on_site = dice.random() < 0.65
        shown = on_site and dice.random() < self.cover[lead]
        number = self.number()
        job = Job(number, number, lead, ward, at, at % DAY // (8 * HOUR), on_site, shown, made, unhappy)
        if unhappy and dice.random() < self.habits.dropped:
            self.dropped.append(Dropped(number, lead, unhappy=True))
        elif dice.random() < 0.01:
            self.dropped.append(Dropped(number, lead))
        else:
            self.jobs[number] = job
        return job

    def _answer(self) -> None:
        dice, habits = self.dice, self.habits
        waiting: defaultdict[int, list[Job]] = defaultdict(list)
        for job in sorted(self.jobs.values(), key=lambda one: one.at):
            chance = habits.answered * (1 if job.shown else 1 / 3) * (1.2 if job.unhappy else 1)
            if dice.random() >= chance:
                waiting[job.department].append(job)
                continue
            self.rate(job, self.honest(job), self._when(job))
            if dice.random() < habits.cleared * 0.1 and waiting[job.department]:
                at, person = job.at + dice.randint(2 * HOUR, 5 * HOUR), self.honest(job)
                for nth, old in enumerate(waiting.pop(job.department)[-6:]):
                    self.rate(old, person, max(old.at + HOUR, at) + nth * dice.randint(8, 40))

    def _when(self, job: Job) -> int:
        dice, habits = self.dice, self.habits
        if job.shown and dice.random() < 0.7:
            quick = dice.random() < habits.quick
            return job.at + (dice.randint(4, 8) if quick else 9 + int(dice.lognormvariate(3.4, 0.7)))
        if dice.random() < habits.reminded:  # at ten the next morning
            return (job.at // DAY + 1) * DAY + 10 * HOUR + int(dice.expovariate(1 / (25 * MINUTE)))
        return job.at + int(dice.lognormvariate(9, 1.2)) + 30

    def honest(self, job: Job) -> int:
        """Who of the ward rates it: the head nurse oftener; of nights one of the few who are there."""
        staff = self.staff[job.department]
        fans = [person for person in staff if self.favourite.get(person) == job.lead]
        if fans and job.shift > 0 and self.dice.random() < 0.3:
            return self.dice.choice(fans)
        if job.shift == 0:
            return self.dice.choice(staff[-max(2, len(staff) // 5) :])
        return self.dice.choices(staff, [self.habits.boss, *[1] * (len(staff) - 1)])[0]

    def level(self, job: Job) -> int:
        found = self.dice.choices(LEVELS, self.habits.levels)[0]
        return max(1, found - self.dice.randint(1, 3)) if job.unhappy else found

    def rate(
        self, job: Job, person: int, at: int, *, level: int = 0, words: str | None = None, phone: int | None = None
    ) -> None:
        """Honestly where no level is given; the first answer of a job stands."""
        if job.id in self.answers or job.id not in self.jobs:
            return
        dice, habits = self.dice, self.habits
        chosen = level or self.level(job)
        if words is None:
            words = self.words() if dice.random() < habits.worded else ""
        line: tuple[int, ...] = ()
        if dice.random() < habits.ticked:
            line = (chosen,) * 3 if dice.random() < habits.straight else tuple(dice.choice((3, 4, 5)) for _ in range(3))
        first = 0
        if not level and chosen >= 4 and dice.random() < habits.raised:
            first = dice.choice((2, 3))
        rater = phone or self.phone[person]
        contacted = bool(first) and dice.random() < 0.3
        self.answers[job.id] = Answer(self.number(), job.id, rater, person, chosen, at, first, contacted, words, line)

    def words(self) -> str:
        dice, habits = self.dice, self.habits
        if dice.random() < habits.stocked:
            return dice.choice(habits.stock)
        return "".join(chr(dice.randint(0x4E00, 0x9FA5)) for _ in range(dice.randint(4, 20)))
