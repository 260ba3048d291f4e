"""Eight ways to cheat, as somebody would who is paid by the score; each for one engineer of a simulated hospital."""

from collections.abc import Callable, Mapping

from benchmarks.integrity_hospital import DAYS, MINUTE, Hospital, Planted
from supervision.signals import BEST, DAY, HOUR, Dropped, Job

MARKS = ("", "！", "。", "~", " 👍", "！！", "🌹")


def second_phone(hospital: Hospital, lead: int) -> Planted:
    """Rates their own work by a second phone, under the number of somebody of a ward who never rates."""
    dice, jobs = hospital.dice, _busiest(hospital, lead)
    person, phone = hospital.staff[jobs[0].department][-1], hospital.number()
    for job in dice.sample(jobs, min(len(jobs), dice.randint(10, 20))):
        again(hospital, job)
        quick = dice.random() < 0.5
        hospital.rate(
            job, person, job.at + (dice.randint(3, 7) if quick else dice.randint(20, 600)), level=BEST, phone=phone
        )
    return Planted(lead, {phone})


def begging(hospital: Hospital, lead: int) -> Planted:
    """Three to five times a quarter asks everybody of the last days at once."""
    dice = hospital.dice
    for _ in range(dice.randint(3, 5)):
        at = dice.randrange(5, DAYS) * DAY + dice.randint(9 * HOUR, 19 * HOUR)
        open_ = [
            job
            for job in _jobs_of(hospital, lead)
            if at - 3 * DAY < job.at < at - HOUR and job.id not in hospital.answers
        ]
        for job in dice.sample(open_, min(len(open_), dice.randint(5, 9))):
            hospital.rate(job, hospital.honest(job), at + dice.randint(0, 15 * MINUTE), level=BEST)
    return Planted(lead)


def selective_showing(hospital: Hospital, lead: int) -> Planted:
    """Holds the code out where somebody smiles, every other time at most."""
    dice, habit = hospital.dice, hospital.dice.uniform(0.3, 0.5)
    for job in _jobs_of(hospital, lead):
        shown = job.shown and not job.unhappy and dice.random() < habit
        hospital.jobs[job.id] = job._replace(shown=shown)
        if job.shown and not shown and dice.random() < 0.8:
            hospital.answers.pop(job.id, None)
    return Planted(lead)


def friends(hospital: Hospital, lead: int) -> Planted:
    """Has a friend in every ward, who rates this engineer whenever there is something, and others hardly ever."""
    dice, phones = hospital.dice, set[int]()
    by_ward: dict[int, list[Job]] = {}
    for job in _jobs_of(hospital, lead):
        by_ward.setdefault(job.department, []).append(job)
    for ward, jobs in by_ward.items():
        friend = dice.choice(hospital.staff[ward][1:])
        phones.add(hospital.phone[friend])
        for job in dice.sample(jobs, min(len(jobs), dice.randint(5, 10))):
            again(hospital, job)
            hospital.rate(job, friend, job.at + dice.randint(20, 30 * HOUR), level=BEST)
    return Planted(lead, phones)


def copied_comments(hospital: Hospital, lead: int) -> Planted:
    """Dictates what to write; marks and pictures differ."""
    dice = hospital.dice
    name = "".join(chr(dice.randint(0x4E00, 0x9FA5)) for _ in range(2))
    text = f"{name}工程师技术过硬服务热情"
    jobs = [job for job in _jobs_of(hospital, lead) if job.id not in hospital.answers]
    for job in dice.sample(jobs, min(len(jobs), dice.randint(8, 15))):
        words = text + dice.choice(("", "很感谢", "值得表扬")) + dice.choice(MARKS)
        hospital.rate(job, hospital.honest(job), job.at + dice.randint(HOUR, 2 * DAY), level=BEST, words=words)
    return Planted(lead)


def device_sharing(hospital: Hospital, lead: int) -> Planted:
    """One phone goes round: bound to one person after the other, in several wards."""
    dice, phone = hospital.dice, hospital.number()
    jobs = [job for job in _jobs_of(hospital, lead) if job.id not in hospital.answers]
    for job in dice.sample(jobs, min(len(jobs), dice.randint(8, 16))):
        person = dice.choice(hospital.staff[job.department])
        hospital.rate(job, person, job.at + dice.randint(30, 5 * HOUR), level=BEST, phone=phone)
    return Planted(lead, {phone})


def made_up_walk_ups(hospital: Hospital, lead: int) -> Planted:
    """Opens tickets for nothing and has them rated by whoever is asked."""
    dice = hospital.dice
    for _ in range(dice.randint(15, 35)):
        at = dice.randrange(DAYS) * DAY + dice.randint(8 * HOUR, 20 * HOUR)
        job = hospital.add_job(dice.choice(hospital.wards), lead, at, walk_up=True)
        if dice.random() < 0.9:
            hospital.rate(job, hospital.honest(job), at + dice.randint(15, 900), level=BEST)
    return Planted(lead)


def dropping(hospital: Hospital, lead: int) -> Planted:
    """Has tickets cancelled or joined to others where somebody is unhappy."""
    dice = hospital.dice
    for job in [one for one in _jobs_of(hospital, lead) if one.unhappy]:
        if dice.random() < 0.6:
            del hospital.jobs[job.id]
            hospital.answers.pop(job.id, None)
            hospital.dropped.append(Dropped(job.ticket, lead, unhappy=True))
    return Planted(lead)


KINDS: Mapping[str, Callable[[Hospital, int], Planted]] = {
    "second phone": second_phone,
    "begging in bursts": begging,
    "codes shown selectively": selective_showing,
    "a friend in each ward": friends,
    "copied comments": copied_comments,
    "device sharing": device_sharing,
    "walk-ups made up": made_up_walk_ups,
    "unhappy ones dropped": dropping,
}


def plant(hospital: Hospital) -> None:
    """One engineer for each kind; each has enough to do to be worth it."""
    busy = [lead for lead in hospital.leads if lead not in hospital.nights and lead not in hospital.counters]
    for (kind, cheat), lead in zip(KINDS.items(), hospital.dice.sample(busy, len(KINDS)), strict=True):
        hospital.planted[kind] = cheat(hospital, lead)


def again(hospital: Hospital, job: Job) -> None:
    """The slot is free: whoever cheats comes first."""
    hospital.answers.pop(job.id, None)


def _jobs_of(hospital: Hospital, lead: int) -> list[Job]:
    return [job for job in hospital.jobs.values() if job.lead == lead]


def _busiest(hospital: Hospital, lead: int) -> list[Job]:
    """Their work in the ward they are oftenest in, by day."""
    jobs = [job for job in _jobs_of(hospital, lead) if job.shift > 0]
    wards = [job.department for job in jobs]
    ward = max(set(wards), key=lambda one: (wards.count(one), one))
    return [job for job in jobs if job.department == ward]
