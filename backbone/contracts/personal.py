"""Names that mostly mean a person. A tag too many hides a value; a tag too few shows one."""

import re

_WORDS = frozenset(
    {
        *("email", "mail", "phone", "telephone", "mobile", "fax", "address", "street", "postcode"),
        *("zip", "zipcode", "ip", "iban", "ssn", "passport", "birthday", "birthdate", "gender"),
        *("firstname", "lastname", "surname", "fullname", "username", "nickname"),
    }
)
_WHO = "customer|client|consumer|user|person|patient|employee|contact|recipient|holder|member"
_PHRASES = re.compile(
    rf"name|date_of_birth|birth_date|card_number|postal_code|({_WHO})_(id|number|no|name|ref)"
    r"|(.+_)?(first|last|middle|full|family|given|birth|user|contact|holder)_name"
)


def looks_personal(field: str) -> bool:
    name = field.lower()
    return bool(_WORDS & set(name.split("_"))) or bool(_PHRASES.fullmatch(name))
