"""A Multi-Account extension: the request belongs to the account that installed it."""

from sandbox import Sandbox
from sandbox.connect.environment import INSTALLATION_API_KEY


async def test_the_client_of_the_installing_account_settles_the_request():
    async with Sandbox(multi_account=True, countdown_scale=0.01) as sandbox:
        runner = await sandbox.start_runner()
        request_id = sandbox.cancel("SUB-1")
        assert (await sandbox.connect.settled(request_id))["status"] == "approved"
        [task] = await sandbox.connect.tasks_settled(request_id)
        assert task.status.value == "succeeded"
        approvals = [c for c in sandbox.connect.calls.calls if c.path.endswith("/approve")]
        assert [call.key for call in approvals] == [INSTALLATION_API_KEY]
        await runner.kill()
