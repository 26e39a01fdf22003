from liaison.services import cases
def test_a(app, town, clock):
    assert town.actor("office").region_path
def test_b(app, town, clock):
    assert town.actor("office").region_path
def test_c(api):
    r = api("office").get("/api/v1/me")
    assert r.status_code == 200, r.text
    assert api("deputy").get("/api/v1/me").json["role"] == "deputy"
def test_d(live_town): pass
def test_e(browser, town):
    assert town.actor("office").region_path
