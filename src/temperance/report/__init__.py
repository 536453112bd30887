"""Reports: what the stages and the checks found, as text, page, SARIF, model card and documentation. It judges nothing itself."""
