"""Amazon's signature of a request, against one that Amazon's own library made."""

from __future__ import annotations

import datetime as dt

from daybreak.common.awssignature import AccessKey, signed_headers

KEY = AccessKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1", "ses")
HOME = "https://email.eu-west-1.amazonaws.com/v2/email"
AT = dt.datetime(2022, 5, 6, 4, tzinfo=dt.UTC)


def test_the_signature_is_the_one_that_amazons_library_makes() -> None:
    headers = signed_headers(KEY, f"{HOME}/outbound-emails", b'{"Content":{}}', AT)
    assert headers["X-Amz-Date"] == "20220506T040000Z"
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20220506/eu-west-1/ses/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=efb475860892da960e71e4b478540562a104541656f4d2361c3b3d9102fb1ebf"
    )


def test_so_is_the_one_of_a_question() -> None:
    headers = signed_headers(KEY, f"{HOME}/account", b"", AT, method="GET")
    assert headers["Authorization"].endswith(
        "Signature=5b61cd249bed5500f0b969dc6016c60bc9013bfcff875cc1ddc542f024282d75"
    )
