"""Warning events of Kubernetes."""

from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer


def last(api: ApiServer, namespace: str, kind: str, name: str) -> str:
    """The last warning about an object of the namespace; empty if there is none."""
    chosen = f"involvedObject.kind={kind},involvedObject.name={name},type=Warning"
    events = (api.find(f"/api/v1/namespaces/{namespace}/events", fieldSelector=chosen) or {}).get("items", [])
    if not events:
        return ""
    newest = max(events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime")))
    return f"{newest.get('reason')}: {newest.get('message')}"
