from typing import Any, Literal
import trio
from harness.pair import open_pair
from rejoinder.engine import *
from rejoinder.testing import Answer, Call, ModelServer, Text, scripted

async def test_smoke(autojump_clock):
    tools = Tools()
    @tools.add
    async def weather(city: str, unit: Literal["C","F"]="C") -> Any:
        """Tell the weather.

        Args:
            city: Where.
        """
        await trio.sleep(1)
        return {"t": 20, "city": city}
    @tools.add
    def clock() -> str:
        return "noon"
    server = ModelServer(answer=scripted([Answer([Text("Let me see. "), Call("weather",'{"city":"Oslo"}',call_id="a"), Call("clock",'{}',call_id="b")]), Answer([Text("Fine.")])]))
    async with open_pair(server) as pair:
        c = Conversation("Hi")
        async with pair.session.converse(c, tools=tools) as turn:
            async for event in turn:
                print(event.type, repr(event)[:100])
        assert (await turn.result()).text == "Fine."
        print(pair.creates)
        print(list(c.items))
        print(pair.session.statistics().calls)
    assert 0
