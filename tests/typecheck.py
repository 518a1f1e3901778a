"""What checks annotations while testing: beartype, with int accepted for float as the type checkers do (PEP 484)."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
