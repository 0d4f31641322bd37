"""A minimal handler in the official style, the baseline for all others."""

from __future__ import annotations

from typing import Any

from connect.eaas.core.decorators import event, variables
from connect.eaas.core.extension import EventsApplicationBase
from connect.eaas.core.responses import BackgroundResponse

from connect_ext import runner_speed

# The runner's speeds are also compared with this handler.
runner_speed.apply()


@variables([{"name": "TEMPLATE_ID", "initial_value": "", "secure": False}])
class ApproveOnly(EventsApplicationBase):  # type: ignore[misc] # has no types
    """Approves without asking any vendor."""

    @classmethod
    def get_descriptor(cls) -> dict[str, Any]:
        """The contents of an extension.json beside this file."""
        return {
            "name": "Approve only",
            "description": "Approves",
            "version": "1.0.0",
            "audience": ["vendor"],
            "readme_url": "https://example.com/README.md",
            "changelog_url": "https://example.com/CHANGELOG.md",
        }

    @event("asset_cancel_request_processing", statuses=["pending"])  # type: ignore[untyped-decorator]
    async def handle_asset_cancel_request(self, request: dict[str, Any]) -> BackgroundResponse:
        """Approve the request with the template that the variables name."""
        payload = {"template_id": self.config["TEMPLATE_ID"]}
        await self.client.requests[request["id"]]("approve").post(payload=payload)
        return BackgroundResponse.done()
