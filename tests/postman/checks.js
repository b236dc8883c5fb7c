// Runs in Postman after every request of the collection.

const type = pm.response.headers.get("Content-Type") ?? "";
const form = pm.request.url.getPath();

pm.test("the example is answered with 200", () => pm.response.to.have.status(200));

pm.test("the answer names its request", () => pm.response.to.have.header("X-Request-ID"));

if (type.startsWith("application/json") && !form.endsWith(".json")) {
  pm.test("the answer is in the envelope, which agrees with the status", () => {
    const answer = pm.response.json();
    pm.expect(answer).to.have.all.keys(
      "message", "method", "status-code", "timestamp", "url", "data",
    );
    pm.expect(answer["status-code"]).to.equal(pm.response.code);
    pm.expect(answer.method).to.equal(pm.request.method);
    pm.expect(Date.parse(answer.timestamp)).to.be.a("number").and.not.NaN;
  });
}

if (form.endsWith("/predict")) {
  pm.test("each text has its tags, by a run that is named", () => {
    const { data } = pm.response.json();
    pm.expect(data.run_id).to.equal(pm.response.headers.get("X-Run-ID"));
    const sent = JSON.parse(pm.request.body.raw).texts;
    pm.expect(data.predictions).to.have.lengthOf(sent.length);
  });
}
