from __future__ import annotations

from django.test import Client

from daybreak.press.models import PressRun


def test_healthz_answers_while_the_database_does(db: None) -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


def test_metrics_are_for_this_machine_and_for_staff(pressed: PressRun, editor_browser: Client) -> None:
    assert "daybreak_editions_printed 1" in Client().get("/metrics").content.decode()
    assert Client().get("/metrics", REMOTE_ADDR="198.51.100.7").status_code == 403
    assert Client().get("/metrics", HTTP_X_FORWARDED_FOR="198.51.100.7").status_code == 403
    assert editor_browser.get("/metrics", REMOTE_ADDR="198.51.100.7").status_code == 200


def test_the_sitemap_names_editions_and_briefs_and_robots_names_the_sitemap(pressed: PressRun) -> None:
    sitemap = Client().get("/sitemap.xml").content.decode()
    assert "<loc>http://127.0.0.1:8000/2022/05/06/</loc>" in sitemap
    assert "<loc>http://127.0.0.1:8000/2022/05/06/crumbs/</loc>" in sitemap
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in Client().get("/robots.txt").content.decode()
