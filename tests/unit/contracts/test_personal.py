import pytest

from backbone.contracts.personal import looks_personal


@pytest.mark.parametrize(
    "field",
    [
        "email",
        "contact_email",
        "phone",
        "delivery_address",
        "name",
        "first_name",
        "customer_id",
        "user_name",
        "iban",
        "ip_address",
        "date_of_birth",
        "holder_name",
    ],
)
def test_a_name_that_mostly_means_a_person_looks_personal(field: str) -> None:
    assert looks_personal(field)


@pytest.mark.parametrize(
    "field", ["order_id", "product_name", "stock_code", "country", "shipment_id", "description"]
)
def test_a_name_of_a_thing_does_not(field: str) -> None:
    assert not looks_personal(field)
