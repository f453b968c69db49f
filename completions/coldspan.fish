# SPDX-License-Identifier: Apache-2.0
# fish completion for coldspan, coldspan-collector and coldspan-faas. What there is to complete is asked of
# the programs themselves: their --help names every command, option and kind of value.

function __coldspan_commands
    $argv[1] help 2>/dev/null | string match -rg '^  ([a-z]+ .*)$' | string replace -rf '^([a-z]+) +(.*)$' '$1\t$2' | string match -v -- 'coldspan*'
end

function __coldspan_options
    $argv --help 2>/dev/null | string replace -rf '^ +(?:-[a-zA-Z], )?(--[a-z][a-z-]*)(?: [A-Z]\S*)?(?: +(.*))?$' '$1\t$2'
end

# __coldspan_kind OPTION PROGRAM [COMMAND]: what --help calls its value; nothing if it takes none.
function __coldspan_kind
    set -l option $argv[1]
    if string match -q -- '--*' $option
        $argv[2..] --help 2>/dev/null | string match -rg -- "^ +(?:-[a-zA-Z], )?$option ([A-Z]\S*)"
    else
        $argv[2..] --help 2>/dev/null | string match -rg -- "^ +$option, --[a-z-]+ ([A-Z]\S*)"
    end
end

# __coldspan_value KIND TYPED
function __coldspan_value
    switch $argv[1]
        case WHEN
            printf '%s\n' auto always never
        case LEVEL
            printf '%s\n' error warn info debug
        case REF
            git for-each-ref --format='%(refname:short)' 2>/dev/null
        case DIR
            __fish_complete_directories $argv[2] ''
        case '*FILE*' PATH
            __fish_complete_path $argv[2]
    end
end

# The value of -c or --config, if it was given.
function __coldspan_config
    set -l words (commandline -opc)
    for i in (seq 3 (count $words))
        switch $words[$i]
            case '--config=*'
                printf '%s\n' --config (string sub -s 10 -- $words[$i])
            case -c --config
                test $i -lt (count $words); and printf '%s\n' --config $words[(math $i + 1)]
        end
    end
end

# __coldspan_operand PROGRAM COMMAND TYPED
function __coldspan_operand
    switch $argv[2]
        case report
            __fish_complete_path $argv[3]
        case help
            __coldspan_commands $argv[1]
        case completion
            printf '%s\n' bash zsh fish
        case dashboards
            set -l words (commandline -opc)
            if contains install $words
                __fish_complete_directories $argv[3] ''
            else if contains lint $words
                __fish_complete_path $argv[3]
            else if not contains list $words
                printf '%s\n' install lint list
            end
        case assert
            $argv[1] completion functions (__coldspan_config) 2>/dev/null
    end
end

# The words of the command that run or doctor is given, one a line; nothing before it begins.
function __coldspan_given
    set -l words (commandline -opc)
    set -l i 3
    while test $i -le (count $words)
        switch $words[$i]
            case --
                printf '%s\n' -- $words[(math $i + 1)..]
                return
            case '--*=*'
            case '-*'
                test -n "$(__coldspan_kind $words[$i] $words[1..2])"; and set i (math $i + 1)
            case '*'
                printf '%s\n' -- $words[$i..]
                return
        end
        set i (math $i + 1)
    end
end

function __coldspan_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l asked $words[1]
    set -l verb ''
    switch (basename -- $words[1])
        case coldspan
            if test (count $words) -eq 1
                __coldspan_commands $words[1]
                printf '%s\n' --help --version
                return
            end
            set verb $words[2]
            set -a asked $verb
        case coldspan-faas
            if test (count $words) -eq 1
                printf '%s\n' serve help version --help --version
                return
            end
    end
    if contains -- $verb run doctor
        set -l given (__coldspan_given)
        if set -q given[1]
            complete -C "$(string join ' ' -- (string escape -- $given[2..]) $typed)"
            return
        end
    end
    if string match -q -- '--*=*' $typed
        set -l option (string split -m 1 = -- $typed)
        string replace -r -- '^' "$option[1]=" (__coldspan_value (__coldspan_kind $option[1] $asked) $option[2])
        return
    end
    set -l kind (__coldspan_kind $words[-1] $asked)
    if string match -q -- '-?*' $words[-1]; and test -n "$kind"
        __coldspan_value $kind $typed
    else if string match -q -- '-*' $typed; and not contains -- -- $words
        __coldspan_options $asked
    else if contains -- $verb run doctor
        complete -C "$typed"
    else
        __coldspan_operand $words[1] "$verb" "$typed"
    end
end

for program in coldspan coldspan-collector coldspan-faas
    complete -c $program -f -a '(__coldspan_complete)'
end
