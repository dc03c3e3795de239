#!/usr/bin/env bash
# Tries the dashboard bundle: installs the pinned Superset into an environment of its own (.superset/), imports the
# bundle on the published marts, opens every chart and the dashboard in headless Chromium, and fails on an error.
# Needs Python 3.11, Chromium on the PATH, and a publication: WAREHOUSE_HOME (.warehouse) says whose.
set -euo pipefail
cd "$(dirname "$0")/../.."

marts="$(realpath --no-symlinks "${WAREHOUSE_HOME:-.warehouse}")/published/marts.duckdb"
port="${SUPERSET_PORT:-8088}"
work="$PWD/.superset"
bin="$work/venv/bin"

if ! [ -e "$marts" ]; then
    echo "There is no publication at $marts: make run first, or set WAREHOUSE_HOME." >&2
    exit 1
fi
if ! chromium="$(command -v chromium || command -v chromium-browser || command -v google-chrome)"; then
    echo "Chromium is not on the PATH: install it, on Debian with apt-get install chromium." >&2
    exit 1
fi

lock=bi/superset/requirements.lock
if ! [ "$work/installed" -nt "$lock" ]; then
    rm -rf "$work/venv"
    python3.11 -m venv "$work/venv"
    "$bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
    touch "$work/installed"
fi

# A metadata database of its own each time, so that nothing of an earlier try stays.
rm -rf "$work/home" "$work/screenshots"
mkdir -p "$work/home" "$work/screenshots"
export SUPERSET_HOME="$work/home" SUPERSET_CONFIG_PATH="$work/home/superset_config.py"
password="$("$bin/python" -c 'import secrets; print(secrets.token_hex(16))')"
cat > "$SUPERSET_CONFIG_PATH" <<PYTHON
SECRET_KEY = "$password$password"
SQLALCHEMY_DATABASE_URI = "sqlite:///$work/home/superset.db"
WTF_CSRF_ENABLED = False  # look.py logs in without a page
PYTHON

cp -R bi/superset/bundle "$work/home/bundle"
sed -i.bak "s|^sqlalchemy_uri: .*|sqlalchemy_uri: duckdb:///$marts|" "$work/home/bundle/databases/Marts.yaml"
rm "$work/home/bundle/databases/Marts.yaml.bak"
(cd "$work/home" && "$bin/python" -m zipfile -c bundle.zip bundle)

log="$work/home/superset.log"
superset() { "$bin/superset" "$@" >> "$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }; }
superset db upgrade
superset fab create-admin --username admin --firstname A --lastname B --email admin@example.com --password "$password"
superset init
superset import-dashboards --path "$work/home/bundle.zip" --username admin

"$bin/superset" run --host 127.0.0.1 --port "$port" --with-threads >> "$log" 2>&1 &
server=$!
trap 'kill "$server"' EXIT
"$bin/python" bi/superset/look.py "http://127.0.0.1:$port" "$password" "$chromium" "$work/screenshots"
