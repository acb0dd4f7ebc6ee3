"""What the peers of the serving benchmark run: small programs in environments of their own, all over one pipeline.

Each takes the folder with the model and a port. An environment under var/bench-env/NAME is made by hand:
uv venv var/bench-env/NAME && uv pip install --python var/bench-env/NAME/bin/python PACKAGES
"""

from dataclasses import dataclass

FLOOR = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.post("/predict")
async def predict():
    return {"ok": True}
uvicorn.run(app, port=int(sys.argv[2]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
"""

PIPELINE = """
import sys, joblib, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
model = joblib.load(sys.argv[1] + "/pipeline.joblib")
class One(BaseModel):
    message: str
class Many(BaseModel):
    messages: list[str]
app = FastAPI()
@app.post("/predict")
async def predict(body: One):
    return {"score": float(model.decision_function([body.message])[0])}
@app.post("/predict/batch")
async def batch(body: Many):
    return {"scores": model.decision_function(body.messages).tolist()}
uvicorn.run(app, port=int(sys.argv[2]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
"""

LITSERVE = """
import sys, joblib, litserve as ls
class Api(ls.LitAPI):
    def setup(self, device):
        self.model = joblib.load(sys.argv[1] + "/pipeline.joblib")
    def decode_request(self, request):
        return request["message"]
    def predict(self, text):
        return float(self.model.decision_function([text])[0])
    def encode_response(self, score):
        return {"score": score}
if __name__ == "__main__":
    server = ls.LitServer(Api(), accelerator="cpu", workers_per_device=1)
    server.run(port=int(sys.argv[2]), log_level="warning", generate_client_file=False)
"""

MLSERVER = """
import asyncio, sys
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import StringCodec, NumpyCodec
from mlserver.types import InferenceResponse
import numpy as np
class Runtime(MLModel):
    async def load(self):
        {load}
        return True
    async def predict(self, payload):
        texts = StringCodec.decode_input(payload.inputs[0])
        {score}
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("score", np.asarray(scores))])
async def main():
    port = int(sys.argv[2])
    settings = Settings(http_port=port, grpc_port=port + 100, metrics_port=port + 200,
                        parallel_workers=0, debug=False)
    server = MLServer(settings)
    await server.start([ModelSettings(name="m", implementation=Runtime)])
asyncio.run(main())
"""

MLSERVER_SKLEARN = MLSERVER.format(
    load='import joblib; self.model = joblib.load(sys.argv[1] + "/pipeline.joblib")',
    score="scores = self.model.decision_function(texts)",
)
MLSERVER_OURS = MLSERVER.format(
    load="import pickle; self.model = pickle.load(open(sys.argv[1] + '/compiled.pickle', 'rb')).predictor()",
    score="scores = [self.model.explain(text).score for text in texts]",
)

BENTOML = """
import os, joblib, bentoml
@bentoml.service(workers=1, traffic={"timeout": 10})
class Spam:
    def __init__(self):
        self.model = joblib.load(os.environ["MODEL_DIR"] + "/pipeline.joblib")
    @bentoml.api(route="/predict")
    def predict(self, message: str) -> float:
        return float(self.model.decision_function([message])[0])
"""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """`environment` is a folder under var/bench-env, or None for the project's own; `v2` speaks Open Inference."""

    name: str
    program: str
    environment: str | None = None
    v2: bool = False
    bento: bool = False


PEERS = (
    Peer(name="FastAPI + scikit-learn pipeline", program=PIPELINE),
    Peer(name="MLServer, scikit-learn", program=MLSERVER_SKLEARN, environment="mlserver", v2=True),
    Peer(name="MLServer, our predictor inside", program=MLSERVER_OURS, environment="mlserver", v2=True),
    Peer(name="LitServe, scikit-learn", program=LITSERVE, environment="litserve"),
    Peer(name="BentoML, scikit-learn", program=BENTOML, environment="bentoml", bento=True),
)
