"""What a page of HTML refers to."""

import re
from html.parser import HTMLParser

LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
FOLLOWED = {"canonical", "next", "prev", "index", "search"}  # links to pages, not files that a page loads


class Page(HTMLParser):
    """links: of <a>; loads: files that the page asks for by itself; ids: what a link may lead to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.ids = set(), set(), set()
        self.feed(text)
        self.loads |= set(re.findall(r"@import\s+(?:url\()?[\"']?([^\"')\s]+)", text))
        self.loads |= {url for url in re.findall(r"url\([\"']?([^\"')]+)", text) if url.startswith("http")}

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if "id" in found:
            self.ids.add(found["id"])
        if tag == "a" and found.get("href"):
            self.links.add(found["href"])
        if tag in LOADS and found.get(LOADS[tag]) and found.get("rel") not in FOLLOWED:
            self.loads.add(found[LOADS[tag]])
