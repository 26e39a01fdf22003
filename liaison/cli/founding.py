"""Commands that fill an installation and look it over: county, calendar, accounts, posters."""

from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from liaison.cli.acting import operator
from liaison.db import transaction
from liaison.domain.actors import Role
from liaison.domain.county import TABLES, read_county
from liaison.domain.errors import DomainError, Invalid
from liaison.domain.text import decoded
from liaison.services import accounts, addresses, audit, conflicts, founding, sheets, stations
from liaison.services.accounts import Place
from liaison.services.posters import poster_pdf
from liaison.services.recalculation import load_table
from liaison.web.resident.printing import poster_of, with_mini_code
from liaison.web.wiring import now, wiring

calendar = AppGroup("calendar", help="The working-day calendar.")
county = AppGroup("county", help="Regions, stations, deputies, departments, categories and rules.")
account = AppGroup("accounts", help="Who may sign in.")


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_calendar(file: Path) -> None:
    """Load an official table (CSV: day,kind,name) and recompute every open clock."""
    try:
        with transaction():
            done = load_table(decoded(file.read_bytes(), "file"), now(), operator())
    except Invalid as error:
        raise click.ClickException(_sentences(error)) from None
    click.echo(f"years: {', '.join(map(str, sorted(done.years)))}; clocks whose due day moved: {done.moved}")


@county.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
def import_county(source: Path) -> None:
    """Fill an empty database from a folder of CSV tables, all or nothing; `liaison/demo/content` is an example.

    SOURCE may also be an Excel workbook (.xlsx) with a sheet for each table: regions, stations, deputies, ...
    """
    try:
        told = _workbook(source) if source.is_file() else _folder(source)
        read = read_county(told)
        with transaction():
            founding.found(read)
            audit.note(operator(), "setting.county", now(), about=source.name, data={"tables": list(told)})
    except DomainError as error:
        raise click.ClickException(_sentences(error)) from None
    click.echo(f"{len(read.stations)} stations, {len(read.deputies)} deputies, {len(read.departments)} departments")


@county.command("leads")
@click.argument("deputy")
@click.argument("departments", nargs=-1)
def leads(deputy: str, departments: tuple[str, ...]) -> None:
    """Say which DEPARTMENTS a DEPUTY leads (codes; none: none): matters about these never reach the deputy."""
    try:
        with transaction():
            found = conflicts.lead_departments(operator(), deputy, departments, now=now())
    except DomainError as error:
        raise click.ClickException(_sentences(error)) from None
    click.echo(f"{found.name} leads {', '.join(departments) or 'no department'}")


@account.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The name people see.")
@click.option("--role", required=True, type=click.Choice([role.value for role in accounts.ROLES]))
@click.option("--region", required=True, help="Code of the region the account reaches.")
@click.option("--department", help="Code, for handlers and approvers.")
@click.option("--station", help="Code, for liaisons.")
@click.option("--deputy", help="Code, for deputies.")
@click.option("--head", is_flag=True, help="The department's head, who is told when it is overdue.")
@click.password_option()
def add_account(username: str, name: str, password: str, role: str, **told: Any) -> None:
    """Add an account; the password is asked for, and whoever gets it must change it at the first sign-in.

    This is how the first administrators of a new installation come to be: no account exists before. The operator's
    shell is trusted with it because whoever has it holds the database and the keys anyway; no check here could bind
    them. What they do is in the audit log, under the name the machine knows. Everybody else is added in the console,
    by the security administrator. On an empty machine, first `county import`.
    """
    place = Place(Role(role), **told)
    try:
        with transaction():
            accounts.add_account(username, name, place, password=password, actor=operator(), now=now())
    except DomainError as error:
        raise click.ClickException(_sentences(error)) from None
    click.echo(f"added {username}")


@account.command("disable")
@click.argument("username")
def disable_account(username: str) -> None:
    """Close an account at once, with all its sessions."""
    try:
        with transaction():
            accounts.disable_account(operator(), accounts.get_named(username).id, now())
    except DomainError as error:
        raise click.ClickException(_sentences(error)) from None
    click.echo(f"disabled {username}")


@account.command("reach")
@click.argument("username")
@click.option("--sms", help="Mobile number.")
@click.option("--email", help="E-mail address.")
@click.option("--wecom", help="User id in the county's WeCom.")
@click.option("--wechat-template", help="Openid with the service account.")
@click.option("--wechat-subscribe", help="Openid with the mini-program.")
def reach(username: str, **told: str | None) -> None:
    """Say by which channels and where USERNAME gets its notices; "" forgets one, no option shows them all."""
    keys, at = wiring().keys, now()
    try:
        with transaction():
            account = accounts.get_named(username)
            account_id = account.id
            for channel, address in told.items():
                if address:
                    addresses.set_address(account_id, channel, address, keys, at)
                elif address is not None:
                    addresses.forget_address(account_id, channel)
            if changed := [channel for channel, address in told.items() if address is not None]:
                accounts.note_reach(operator(), account, changed, at)
    except DomainError as error:
        raise click.ClickException(_sentences(error)) from None
    for place, way in enumerate(addresses.ways_of(account_id, keys), start=1):
        click.echo(f"{place}. {way.channel} {way.address}{'' if way.is_installed else ' (not set up here)'}")


@click.command()
@click.argument("codes", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Make one for every station.")
@click.option("--out", default="posters", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
def posters(codes: tuple[str, ...], everything: bool, out: Path) -> None:
    """Make A4 posters of stations as PDF files."""
    with transaction():
        found = stations.active_stations() if everything else [stations.get_station(code) for code in codes]
        wanted = [poster_of(station) for station in found]
    out.mkdir(parents=True, exist_ok=True)
    without = 0
    with click.progressbar(wanted, label="posters") as bar:
        for facts in bar:
            sheet = with_mini_code(facts)
            without += sheet.mini_code is None
            (out / f"{sheet.code}.pdf").write_bytes(poster_pdf(sheet))
    click.echo(f"{len(wanted)} posters in {out}")
    if without and wiring().codes:
        click.echo(f"{without} of them without the mini-program's code, which WeChat did not give; try again later")


def _folder(folder: Path) -> dict[str, str]:
    return {name: decoded((folder / name).read_bytes(), name) for name in TABLES if (folder / name).exists()}


def _workbook(path: Path) -> dict[str, str]:
    """The sheets that are tables; others may hold notes."""
    told = sheets.as_csv_tables(sheets.read_workbook(path.read_bytes()))
    return {name: told[name] for name in TABLES if name in told}


def _sentences(error: DomainError) -> str:
    faults = getattr(error, "errors", {})
    told = [f"{field}: {sentence}" for field, sentences in faults.items() for sentence in sentences]
    return "\n".join(told or [error.detail])
