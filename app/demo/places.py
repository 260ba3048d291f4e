"""The two campuses of the demo hospital, their departments and rooms, and the catalogue of what is served there."""

from dataclasses import dataclass

from app.demo.bulk_insert import Rows
from app.demo.hospital_file import telling
from app.models import Asset, Campus, Category, Department, Place

CAMPUSES = {"east": "东院区", "west": "西院区"}

# code, name, campus, building, floor, room, kind, how many of its people are in the demo, how often it calls
_DEPARTMENTS = (
    ("0101", "急诊科", "east", "1号楼", "1层", "101", "ward", 9, 9),
    ("0102", "门诊部", "east", "1号楼", "2层", "202", "ward", 8, 9),
    ("0103", "门诊收费处", "east", "1号楼", "1层", "110", "office", 6, 8),
    ("0104", "药学部", "east", "1号楼", "1层", "118", "pharmacy", 7, 7),
    ("0201", "心血管内科一病区", "east", "2号楼", "7层", "护士站", "ward", 9, 7),
    ("0202", "呼吸内科病区", "east", "2号楼", "8层", "护士站", "ward", 7, 5),
    ("0203", "消化内科病区", "east", "2号楼", "9层", "护士站", "ward", 7, 5),
    ("0204", "神经内科病区", "east", "2号楼", "10层", "护士站", "ward", 7, 5),
    ("0205", "内分泌科病区", "east", "2号楼", "11层", "护士站", "ward", 6, 4),
    ("0301", "普外科病区", "east", "3号楼", "6层", "护士站", "ward", 7, 5),
    ("0302", "骨科病区", "east", "3号楼", "7层", "护士站", "ward", 7, 5),
    ("0303", "泌尿外科病区", "east", "3号楼", "8层", "护士站", "ward", 6, 3),
    ("0304", "手术室", "east", "3号楼", "4层", "401", "ward", 7, 5),
    ("0305", "重症医学科", "east", "3号楼", "5层", "护士站", "ward", 7, 5),
    ("0401", "检验科", "east", "4号楼", "2层", "210", "lab", 7, 6),
    ("0402", "放射科", "east", "4号楼", "1层", "105", "lab", 7, 6),
    ("0501", "病案室", "east", "行政楼", "2层", "205", "office", 4, 2),
    ("0502", "医务处", "east", "行政楼", "3层", "301", "office", 4, 2),
    ("0503", "信息中心", "east", "行政楼", "5层", "501", "office", 4, 0),
    ("0504", "审计处", "east", "行政楼", "4层", "408", "office", 2, 1),
    ("1101", "妇产科病区", "west", "A座", "5层", "护士站", "ward", 8, 5),
    ("1102", "儿科病区", "west", "A座", "3层", "护士站", "ward", 8, 5),
    ("1103", "康复医学科", "west", "B座", "2层", "206", "lab", 6, 3),
    ("1104", "体检中心", "west", "B座", "1层", "102", "lab", 6, 3),
)
WARD = "0201"  # the nurse's, and the stranger's
IT = "0503"
AUDIT = "0504"

_ROOMS = {
    True: (("护士站", "护士站"), ("医生办公室", "12"), ("治疗室", "15")),
    False: (("工作区", "01"), ("办公室", "08")),
}
# What carries a label in each room: the tag's letters, the name, the service it usually needs.
_ASSETS = (("PC", "电脑", "computer"), ("PRN", "激光打印机", "printer"), ("SCN", "扫码枪", "scanner"))


@dataclass(frozen=True)
class Ward:
    """A department as the generator needs it; in a hospital nearly every one is called a ward by somebody."""

    id: int
    code: str
    name: str
    campus_id: int
    kind: str
    size: int
    calls: int
    places: tuple[int, ...]


def build(rows: Rows) -> dict[str, Ward]:
    """The departments by code."""
    campuses = {code: rows.add(Campus, code=code, name=name) for code, name in CAMPUSES.items()}
    return {row[0]: _ward(rows, campuses, row) for row in _DEPARTMENTS}


def _ward(rows: Rows, campuses: dict[str, int], row: tuple[str, str, str, str, str, str, str, int, int]) -> Ward:
    code, name, campus, building, floor, room, kind, size, calls = row
    where = {"campus_id": campuses[campus], "building": building, "floor": floor}
    number = rows.add(Department, code=code, name=name, room=room, **where)
    places = tuple(
        rows.add(
            Place,
            code=f"{code}-{n}",
            name=f"{name}{label}",
            department_id=number,
            room=door,
            telephone=f"8{code}{n}",
            **where,
        )
        for n, (label, door) in enumerate(_ROOMS[room == "护士站"], start=1)
    )
    return Ward(number, code, name, campuses[campus], kind, size, calls, places)


def catalogue(rows: Rows) -> dict[str, int]:
    """The category of each service by its code."""
    groups = {
        code: rows.add(Category, code=code, name=name, parent_id=None, for_users=False)
        for code, name in telling().groups.items()
    }
    return {
        code: rows.add(Category, code=code, name=service.name, parent_id=groups[service.group], for_users=True)
        for code, service in telling().services.items()
    }


def assets(rows: Rows, wards: dict[str, Ward], categories: dict[str, int]) -> None:
    rooms = [(ward, place) for ward in wards.values() for place in ward.places]
    for number, (ward, place) in enumerate(rooms, start=1):
        for letters, name, service in _ASSETS:
            where = {"place_id": place, "department_id": ward.id, "category_id": categories[service]}
            rows.add(Asset, tag=f"{letters}-{number:04}", name=name, **where)
