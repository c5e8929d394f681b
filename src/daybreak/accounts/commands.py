"""`daybreak staff …`: who may sign in at the desk."""

from __future__ import annotations

import datetime as dt
import sys

import click
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from daybreak.accounts.models import User
from daybreak.common.commandline import at_option
from daybreak.common.models import note
from daybreak.common.refusal import Misused, Refused


@click.group()
def staff() -> None:
    """The people who sign in at the desk."""


@staff.command()
@click.argument("email")
@click.option("--name", required=True, help="The name under approvals and in the journal.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking."
)
@at_option
def add(email: str, name: str, password_stdin: bool, at: dt.datetime) -> None:
    """Give EMAIL a sign-in at the desk."""
    email, name = email.strip(), " ".join(name.split())
    try:
        validate_email(email)
    except ValidationError as error:
        raise Misused(f"“{email}” is no e-mail address: write it as ines@paper.example.") from error
    if not name or len(name) > 120:
        raise Misused("A member of staff has a name of at most 120 characters: give --name.")
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _asked()
    _add(email, name, password, at)
    click.echo(f"{name} can sign in at /desk/sign-in/ as {email}.")


def _asked() -> str:
    if not sys.stdin.isatty():
        raise Misused("There is no terminal to ask for a password: give --password-stdin.")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return answer


def _add(email: str, name: str, password: str, at: dt.datetime) -> None:
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise Refused(f"This password will not do: {' '.join(error.messages)}") from error
    try:
        with transaction.atomic():
            User.objects.create_user(email, name, password)
            note("staff added", f"staff {email.lower()}", by="the command line", at=at)
    except IntegrityError as error:
        raise Refused(f"{email} is on the staff already: use another address.") from error
