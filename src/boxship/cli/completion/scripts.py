"""What the shells load: they hand over their words and show what comes back."""

BASH = r"""# bash completion for boxship: source <(boxship completion bash)
_boxship() {
    local current=${COMP_WORDS[COMP_CWORD]} line shell= flag=
    local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    # Bash splits words at ":" and "=", which names and flags contain.
    if declare -F _get_comp_words_by_ref >/dev/null; then
        local cword
        _get_comp_words_by_ref -n := -w words -i cword -c current
        words=("${words[@]:1:cword}")
    fi
    # Files are completed behind "--flag=".
    if [[ $current == --*=* ]]; then flag=${current%%=*}=; fi
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :*) shell=${line#:} ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
    current=${current#"$flag"}
    case $shell in
        file) compopt -o filenames; COMPREPLY+=($(compgen -P "$flag" -f -- "$current")) ;;
        directory) compopt -o filenames; COMPREPLY+=($(compgen -P "$flag" -d -- "$current")) ;;
        program) COMPREPLY+=($(compgen -c -- "$current")) ;;
    esac
    current=$flag$current
    # A name that ends so is continued, not followed by another word.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:=] ]]; then compopt -o nospace; fi
    if declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions "$current"
    fi
}
complete -F _boxship boxship
"""

ZSH = r"""#compdef boxship
# zsh completion for boxship: source <(boxship completion zsh)
_boxship() {
    local line shell= name about
    local -a found
    for line in ${(f)"$(${words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
        case $line in
            :*) shell=${line#:} ;;
            *)
                name=${line%%$'\t'*}
                about=${line#*$'\t'}
                found+=("${name//:/\\:}:$about")
                ;;
        esac
    done
    (( $#found )) && _describe -V boxship found
    case $shell in
        file) compset -P '--*='; _files ;;
        directory) compset -P '--*='; _files -/ ;;
        program) _command_names -e ;;
    esac
}
compdef _boxship boxship
"""

FISH = r"""# fish completion for boxship: boxship completion fish | source
function __boxship_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --current-token --cut-at-cursor)
    # Files are completed behind "--flag=".
    set -l flag (string match --regex -- '^--[^=]+=' $current)
    test -n "$flag"; or set flag ''
    set -l start (string replace -- "$flag" '' "$current")
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :file
                printf '%s\n' $flag(__fish_complete_path "$start")
            case :directory
                printf '%s\n' $flag(__fish_complete_directories "$start" '')
            case :program
                __fish_complete_command
            case '*'
                echo $line
        end
    end
end
complete --command boxship --no-files --keep-order --arguments '(__boxship_complete)'
"""

SCRIPTS = {"bash": BASH, "fish": FISH, "zsh": ZSH}
