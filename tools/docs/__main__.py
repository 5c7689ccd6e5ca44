"""Write the pages anew: `python -m documentation`, or `make docs`."""

from documentation import settings_page

if __name__ == "__main__":
    settings_page.PATH.write_text(settings_page.page(), encoding="utf-8")
    print(f"wrote {settings_page.PATH}")
