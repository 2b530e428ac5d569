# Sourced by ./run and ./test: finds a Python, makes .venv and installs requirements into it; fetches
# scripts for the browser with npm, where there is one.

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

runs_new_enough() {
    # A version manager's shim may exist for a Python that does not run.
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        runs_new_enough "$PYTHON" ||
            fail "PYTHON=$PYTHON does not run as Python 3.9 or newer. Set PYTHON to one that does."
        printf '%s\n' "$PYTHON"
        return
    fi
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9; do
        if runs_new_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "Python 3.9 or newer is needed and none was found. On Ubuntu 20.04: sudo apt install python3.9 python3.9-venv"
}

# prepare_environment REQUIREMENTS: afterwards .venv/bin/python has them.
prepare_environment() {
    local requirements=$1 python wanted stamp
    python=$(find_python) || exit 1
    wanted=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    stamp=.venv/installed-${requirements%.txt}
    wanted="$wanted $(cat requirements.txt "$requirements" | cksum)"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then
        return
    fi
    if [ ! -x .venv/bin/python ] ||
        [ "$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" != "${wanted%% *}" ]; then
        "$python" -c 'import venv, ensurepip' 2>/dev/null ||
            fail "$python has no venv module. On Debian or Ubuntu: sudo apt install python${wanted%% *}-venv"
        echo "Making .venv with $python ..."
        rm -rf .venv
        "$python" -m venv .venv || fail "Making .venv with $python failed; the lines above say why."
    fi
    echo "Installing $requirements (a few minutes the first time) ..."
    # Ubuntu 20.04's pip 20.0 does not know the wheel tags of today.
    .venv/bin/python -m pip install --quiet --upgrade pip 2>&1 | grep -v 'is ignored' || true
    .venv/bin/python -m pip install --quiet -r "$requirements" ||
        fail "Installing $requirements failed; the lines above say why. Is there a network?"
    .venv/bin/python -c 'import dash_app.learning' || fail "Compiling failed; the lines above say why."
    printf '%s\n' "$wanted" > "$stamp"
}

# fetch_scripts all|served: afterwards node_modules has what package-lock.json pins. Without npm or a
# network the application serves the full plotly.js of its Python package instead.
fetch_scripts() {
    local kind=$1 npm lock
    local options=(--ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=0)
    lock=$(cksum < package-lock.json)
    case "$(cat node_modules/.fetched 2>/dev/null)" in
        "$lock all" | "$lock $kind") return ;;
    esac
    npm=$(command -v npm || { [ -x .venv/bin/npm ] && echo .venv/bin/npm; }) || return 0
    [ "$kind" = all ] || options+=(--omit=dev)
    if "$npm" ci "${options[@]}" >&2; then
        printf '%s\n' "$lock $kind" > node_modules/.fetched
    else
        echo "npm could not fetch the small plotly.js; the full one serves." >&2
    fi
}
