"""`make screenshots`: takes the pictures of Temporal's Web UI in the guides, in a real browser."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, FloatRect, Page, ViewportSize, async_playwright

from adapters.http import make_http_client
from demo.run import run_stories
from demo.story import load_stories
from ledger.ledger import Ledger
from starters.ports import Ports
from starters.stack import Stack
from testkit.pipeline import Pipeline
from workflows import ids

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE: ViewportSize = {"width": 1500, "height": 860}
COLUMNS = ("Status", "Workflow ID", "ReturnStage", "ReturnNeeds", "ReturnBreached", "ReturnNextDeadline")
WANTED = {"plain_refund", "exchange", "dispute", "lost_parcel"}


async def take() -> None:
    """Play some returns, leave some open, and look at them."""
    with tempfile.TemporaryDirectory(prefix="returnflow-screenshots-") as folder:
        async with Stack(Path(folder), Ports.free(), time_skipping=True) as stack:
            stories = [story for story in load_stories() if story.name in WANTED]
            await run_stories(stack, stories, lambda progress: None)
            async with make_http_client(stack.sandbox_url) as http:
                ledger = Ledger.open(stack.ledger_url)
                pipeline = Pipeline(await stack.connect(), stack.task_queue, http, ledger)
                await _to_be_reviewed(pipeline)
                breached = await _breached(pipeline)
                await _look(stack.ui_url, breached)


async def _to_be_reviewed(pipeline: Pipeline) -> None:
    used = {"line_id": "SHIRT-M", "quantity": 1, "condition": "used"}
    await pipeline.apply(await pipeline.order(), lines=[used])


async def _breached(pipeline: Pipeline) -> str:
    rma_id = (await pipeline.apply(await pipeline.order())).rma_id
    await pipeline.to_the_warehouse(rma_id)
    await pipeline.lapse(rma_id, timedelta(hours=49))
    await pipeline.until(rma_id, lambda status: bool(status.coupons))
    await pipeline.rest(rma_id)
    return rma_id


async def _look(ui_url: str, rma_id: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("No chromium on the path: install it, or say where it is with CHROMIUM=.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await _page(browser)
        workflows = f"{ui_url}/namespaces/default/workflows"
        await page.goto(f'{workflows}?query=WorkflowType="{ids.RETURN_WORKFLOW}"')
        await page.get_by_text(rma_id).first.wait_for()
        await page.screenshot(path=IMAGES / "returns.png")
        await page.goto(f"{workflows}/{ids.return_workflow_id(rma_id).replace('/', '%2F')}")
        await page.get_by_text("coupon for the late inspection").first.wait_for()
        await page.set_viewport_size({"width": 1500, "height": 1500})
        await page.wait_for_timeout(1_000)
        below_the_input: FloatRect = {"x": 270, "y": 670, "width": 1220, "height": 820}
        await page.screenshot(path=IMAGES / "breached-timeline.png", clip=below_the_input)
        await page.set_viewport_size(SIZE)
        await page.get_by_text("User Metadata").click()
        # The UI shows Markdown in frames.
        await page.frame_locator("iframe").last.get_by_text("inspection late").wait_for()
        await page.screenshot(path=IMAGES / "breached.png")
        await browser.close()


async def _page(browser: Browser) -> Page:
    """A page whose list shows our attributes; the UI keeps its columns in the browser."""
    context = await browser.new_context(viewport=SIZE)
    columns = json.dumps({"default": [{"label": label} for label in COLUMNS]})
    await context.add_init_script(
        f"localStorage.setItem('namespace-workflow-table-columns', {json.dumps(columns)})"
    )
    return await context.new_page()


if __name__ == "__main__":
    asyncio.run(take())
