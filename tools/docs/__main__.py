"""Writes the generated pages: `make docs`."""

import json

from consul_on_pulumi.settings.json_schema import stack_file_schema

from tools.docs import settings_page

if __name__ == "__main__":
    settings_page.PATH.write_text(settings_page.page(), encoding="utf-8")
    settings_page.SCHEMA.write_text(json.dumps(stack_file_schema(), indent=2) + "\n", encoding="utf-8")
    print(f"wrote {settings_page.PATH.name} and {settings_page.SCHEMA.name}")
